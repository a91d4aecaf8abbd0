import { isPassing, type Problem } from "../../../api/problem";
import { Alert } from "./Icons";

/** In place of the chat, when there is none to show. */
export function Trouble({
  problem,
  isSomethingKept = false,
  onRetry,
}: {
  problem: Problem;
  /** There is something the user wrote that has not been sent. */
  isSomethingKept?: boolean;
  onRetry: () => void;
}) {
  const { heading, text } = wordsFor(problem);
  const reason = [problem.code || problem.status, problem.detail].filter(Boolean).join(" · ");
  return (
    <main className="trouble">
      <div role="alert">
        <Alert />
        <h1>{heading}</h1>
        <p>
          {text} {isSomethingKept && "What you wrote is kept and will be sent."}
        </p>
      </div>
      <button type="button" className="primary" onClick={onRetry}>
        Try again
      </button>
      <small dir="auto">{reason}</small>
    </main>
  );
}

function wordsFor(problem: Problem): { heading: string; text: string } {
  if (problem.status === 0) {
    return {
      heading: "We can’t reach the service",
      text: "Check your connection. This page keeps trying by itself.",
    };
  }
  if (problem.status === 404) {
    return {
      heading: "This chat isn’t available",
      text: "The conversation flow behind it isn’t published, or the address is out of date.",
    };
  }
  if (isPassing(problem)) {
    return {
      heading: "The service is having trouble",
      text: "It should be back soon. This page keeps trying by itself.",
    };
  }
  return { heading: "The chat could not be opened", text: "The service refused to start a conversation." };
}
