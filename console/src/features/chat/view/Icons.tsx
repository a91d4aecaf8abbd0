/** The page's few drawings. They say nothing that a text beside them does not. */

import type { ReactNode } from "react";

function icon(body: ReactNode) {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" className="icon" aria-hidden="true">
      {body}
    </svg>
  );
}

export const Clock = () => icon(<path d="M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z" />);
export const Tick = () => icon(<path d="m5 12.5 4.5 4.5L19 7.5" />);
export const Ticks = () => icon(<path d="m2 12.5 4.5 4.5L16 7.5m-4.5 8.4 1.1 1.1L22 7.5" />);
export const Alert = () => icon(<path d="M12 8v5m0 3.5v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z" />);
export const Arrow = () => icon(<path d="M12 19V5m-6 6 6-6 6 6" />);
export const Down = () => icon(<path d="m6 10 6 6 6-6" />);
export const Pin = () =>
  icon(<path d="M12 21s7-6.1 7-11a7 7 0 0 0-14 0c0 4.9 7 11 7 11Zm0-8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" />);
export const Page = () => icon(<path d="M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8l-5-5Zm0 0v5h5" />);
export const Out = () => icon(<path d="M8 6h10v10M18 6 6 18" />);
export const Restart = () => icon(<path d="M4 12a8 8 0 1 0 2.6-5.9M4 4v5h5" />);
export const Person = () =>
  icon(<path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5" />);

/** Parley's mark: two turns of one conversation. */
export const Mark = () => (
  <svg viewBox="0 0 32 32" width="1em" height="1em" aria-hidden="true">
    <path
      fill="currentColor"
      d="M7 4h11a4 4 0 0 1 4 4v5a4 4 0 0 1-4 4h-6.4l-4 3.300a.9.9 0 0 1-1.5-.7V16.900A4 4 0 0 1 3 13V8a4 4 0 0 1 4-4Z"
    />
    <path
      fill="currentColor"
      opacity=".6"
      d="M24.5 11.100A4 4 0 0 1 29 15v5a4 4 0 0 1-3.1 3.900v2.700a.9.9 0 0 1-1.5.7l-4-3.300H14a4 4 0 0 1-3.8-2.800l2.3-1.700H18a6.5 6.5 0 0 0 6.5-6.500Z"
    />
  </svg>
);
