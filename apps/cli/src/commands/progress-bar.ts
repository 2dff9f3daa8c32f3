/** On standard error, where it is a terminal. */
export function progressBar(visible: boolean) {
  const width = 30;
  return {
    update: (done: number, total: number): void => {
      if (!visible || total === 0) return;
      const share = Math.min(1, done / total);
      const bar = "█".repeat(Math.round(share * width)).padEnd(width, "░");
      process.stderr.write(`\r${bar} ${Math.round(share * 100)} %`);
    },
    clear: (): void => {
      if (visible) process.stderr.write("\r\u001b[K");
    },
  };
}
