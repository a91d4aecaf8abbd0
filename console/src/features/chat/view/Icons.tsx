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
      d="M6 8.5A3.5 3.5 0 0 1 9.5 5h9A3.5 3.5 0 0 1 22 8.500v4a3.5 3.5 0 0 1-3.5 3.500H12l-3.7 3.100a.8.8 0 0 1-1.3-.6v-2.700A3.5 3.5 0 0 1 6 12.500Z"
      fill="currentColor"
    />
    <path
      d="M24.5 12.200A3.5 3.5 0 0 1 26.5 15.400v4a3.5 3.5 0 0 1-1.3 2.700v2.800a.8.8 0 0 1-1.3.6L20.2 22.900h-5.700a3.5 3.5 0 0 1-3.2-2.100l1.4-1.200h5.800a7 7 0 0 0 6-6.900Z"
      fill="currentColor"
      opacity=".62"
    />
  </svg>
);
