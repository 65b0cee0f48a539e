#pragma once
#include "engine/session.hpp"

namespace belay::engine {

/// Who has the claim now, parked or at work; nothing: nobody, or it cannot be told.
std::optional<Taken> holder_of(Store&, const std::string& claim);

/// The run that holds the claim, where it is another and has not come to its end; failures are of its journal.
Expected<std::optional<RunView>> unfinished_holder(World&, const Taken&, const std::string& run);

/// Notes in the journal of a run that is known to be at work no longer that this one takes its claim: from then on it counts as stopped.
Expected<void> note_taken_over(Session&, const RunView& other);

/// Says what a run left under way whose claim was taken: waits until its acts can land no more, looks, and judges. Nothing of it is sent or settled
/// here: a resume of that run does.
void look_at_left(Session&, const RunView& other);

} // namespace belay::engine
