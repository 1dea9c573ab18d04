/** Asks before a job is dropped: which one, and what is not done then. Its own chunk. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Modal.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import { Button, Modal } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { dropJob, type Job } from "../../api/solid";
import { dropText } from "../../lib/queue";
import { Act } from "../../ui/Act";
import { DialogHead } from "../../ui/DialogHead";
import { Failure, Note } from "../../ui/parts";
import s from "../settings/settings.module.css";
import q from "./queue.module.css";

type Props = { job: Job; close: () => void; done: (audit: number) => void };

export default function Drop({ job, close, done }: Props) {
  const [error, setError] = useState<Error | null>(null);
  const gone = error instanceof ApiError && error.status === 404;
  const run = async () => {
    setError(null);
    try {
      done((await dropJob(job.id)).audit);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      attributes={{ content: { "aria-label": "Drop this job" } }}
      size={480}
    >
      <DialogHead title="Drop this job" close={close} />
      <form className={s.dialog} onSubmit={(event) => event.preventDefault()}>
        <p>
          <strong>{job.title}</strong> {job.about}
          {job.about === job.connection ? null : <span className="t3"> from {job.connection}</span>} is taken out of the
          queue and not tried again.
        </p>
        <p className="t2">{dropText(job)}</p>
        {job.lastError ? <p className={q.error}>Its last error: {job.lastError}</p> : null}
        {gone ? <Note>It is not in the queue any more: it was done, or dropped by somebody else.</Note> : null}
        {error && !gone ? <Failure error={error} /> : null}
        <div className="row">
          {gone ? null : (
            <Act
              action="DropJob"
              on={String(job.id)}
              label="Drop this job"
              variant="filled"
              size="md"
              submit
              run={run}
            />
          )}
          <Button size="md" onClick={close}>
            {gone ? "Close" : "Cancel"}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
