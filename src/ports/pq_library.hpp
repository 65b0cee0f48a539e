#pragma once
#include "belay/error.hpp"
#include <libpq-fe.h>

/// What belay calls of libpq: a row here for each function.
#define BELAY_PQ_FUNCTIONS(each)                                                                                                                                   \
  each(PQcancel) each(PQclear) each(PQcmdTuples) each(PQconnectPoll) each(PQconnectStartParams) each(PQconninfoFree) each(PQconninfoParse) each(PQconsumeInput)    \
  each(PQerrorMessage) each(PQfinish) each(PQflush) each(PQfname) each(PQfreeCancel) each(PQfreemem) each(PQftype) each(PQgetCancel) each(PQgetResult)             \
  each(PQgetisnull) each(PQgetlength) each(PQgetvalue) each(PQisBusy) each(PQnfields) each(PQntuples) each(PQresultErrorField) each(PQresultErrorMessage)          \
  each(PQresultStatus) each(PQsendQuery) each(PQsendQueryParams) each(PQsetNoticeReceiver) each(PQsetSingleRowMode) each(PQsetnonblocking) each(PQsocket)          \
  each(PQstatus) each(PQtransactionStatus)

namespace belay {

struct PqLibrary {
#define BELAY_MEMBER(name) decltype(&::name) name = nullptr;
  BELAY_PQ_FUNCTIONS(BELAY_MEMBER)
#undef BELAY_MEMBER
};

/// Opens libpq where that was not done yet. `missing` where it is not installed.
Expected<void> open_pq();
/// Its functions; only after `open_pq` succeeded.
const PqLibrary& pq();

} // namespace belay
