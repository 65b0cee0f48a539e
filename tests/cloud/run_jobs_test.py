"""The real gcloud makes, runs, fails and removes a job."""

import unittest

import recordings
from run_scenario import REGION, Scenario
from support import needs_gcloud


class JobsTest(Scenario):
  def drive(self, record):
    def jobs(*arguments, **more):
      record.gcloud("run", "jobs", *arguments, REGION, **more)

    jobs("create", "migrate", "--image=gcr.io/demo-proj/api:2", "--set-env-vars=A=1", "--max-retries=0", says="has successfully been created")
    jobs("execute", "migrate", "--wait", says="has successfully completed")
    jobs("execute", "migrate", "--wait", "--update-env-vars=FAULT_JOB=fail", exit=1, says="The execution failed")
    jobs("update", "migrate", "--update-env-vars=FAULT_JOB=fail", says="has successfully been updated")
    jobs("execute", "migrate", "--async", says="migrate-")
    jobs("describe", "migrate", says="Executed 3 times")
    jobs("list", says="migrate")
    jobs("executions", "list", "--job=migrate", says="0 / 1")
    jobs("delete", "migrate", says="Deleted job [migrate]")

  @needs_gcloud
  def test_gcloud_runs_jobs(self):
    record = recordings.Recording(self, "run_jobs", self.emulator)
    self.drive(record)
    record.finish()

  def test_what_gcloud_sent_to_run_jobs_is_answered_again(self):
    recordings.replay(self, "run_jobs", self.emulator)


if __name__ == "__main__":
  unittest.main()
