const paths = {
  account:
    "M8 2.500a2.500 2.500 0 1 0 0 5 2.500 2.500 0 0 0 0-5zM3 13.500c0-2.800 2.200-4.500 5-4.500s5 1.700 5 4.500",
  back: "M10 4L6 8l4 4",
  bin: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.5M9.2 7v3.5",
  command:
    "M6 6h4v4H6zM6 6H4.5A1.5 1.5 0 1 1 6 4.5zM10 6V4.5A1.5 1.5 0 1 1 11.5 6zM10 10h1.5a1.5 1.5 0 1 1-1.5 1.5zM6 10v1.5A1.5 1.5 0 1 1 4.5 10z",
  download: "M8 2.5v7M5 7l3 3 3-3M3 13h10",
  keyboard: "M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.5h6",
  link: "M6.5 9.5l3-3M7 5l1.2-1.2a2.5 2.5 0 0 1 3.6 3.6L10.5 8.6M9 11l-1.2 1.2a2.5 2.5 0 0 1-3.6-3.6L5.5 7.4",
  pen: "M3 13l.7-3 7-7 2.3 2.3-7 7zM9.3 4.400l2.3 2.3",
  pin: "M6 2.5h4l-.5 4 2 2.5h-7l2-2.5zM8 9v4.5",
  plus: "M4 8h8M8 4v8",
  retry: "M12.5 8A4.5 4.5 0 1 1 11 4.7M11 2v3H8",
  settings: "M2.5 4.5h6M11.5 4.5h2M10 3v3M2.5 11.5h2M7.5 11.5h6M6 10v3M2.5 8h8M13 8h.5M11.5 6.7v2.6",
  ticket: "M2.5 5h11v2a1.2 1.2 0 0 0 0 2.4V12h-11V9.400a1.2 1.2 0 0 0 0-2.4zM6.5 5v7",
  chart: "M2.5 13.5h11M4.500 11V8M8 11V3.500M11.500 11V6",
  graph:
    "M3 8a1.500 1.500 0 1 0 0 .01M13 3.500a1.500 1.500 0 1 0 0 .01M13 12.500a1.500 1.500 0 1 0 0 .01M4.500 7.300l5.500-3M4.500 8.700l5.500 3",
  check: "M3.5 8.5l3 3 6-7",
  chevron: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  compare: "M3 4h6M3 8h4M3 12h5M13 4h-1M13 8h-3M13 12h-2",
  copy: "M6 6h7v7H6zM10 6V3H3v7h3",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  dash: "M4 8h8",
  dot: "M8 8h.01",
  down: "M5.5 9.5V3h6l1.5 4.500v2H9.500l.5 3-1.2 1-3.3-4zM3 3v6.5",
  eye: "M1.8 8S4 3.8 8 3.8 14.2 8 14.2 8 12 12.2 8 12.2 1.8 8 1.8 8zM8 6.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600z",
  fold: "M4 6l4-3 4 3M4 10l4 3 4-3",
  light:
    "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1",
  search: "M7 3a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 10l3.5 3.5",
  slow: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.4",
  system: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3",
  up: "M5.5 6.500V13h6l1.5-4.500v-2H9.500l.5-3-1.2-1-3.3 4zM3 13V6.5",
  warn: "M8 2.8l5.8 10.4H2.2zM8 6.6v3M8 11.4v.01",
} as const;
export type IconName = keyof typeof paths;

/** A drawing of 16 by 16 in the colour of the text; what it means is said by the text beside or the button's label. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g stroke="var(--on-accent)" strokeWidth="3" strokeLinecap="round">
        <path d="M7 10h14" />
        <path d="M11 16h14" />
        <path d="M15 22h6" />
      </g>
    </svg>
  );
}
