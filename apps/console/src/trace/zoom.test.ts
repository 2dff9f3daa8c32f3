import { expect, test } from "vitest";
import { Zoom } from "./zoom.ts";

test("zooming keeps what is under the pointer where it is, and never leaves the trace", () => {
  const zoom = new Zoom(1_000);
  zoom.by(0.5, 0.25);
  expect(zoom.get()).toEqual({ fromNs: 125, toNs: 625 });
  zoom.by(100, 0.25);
  expect(zoom.get()).toEqual({ fromNs: 0, toNs: 1_000 });
  expect(zoom.isWhole()).toBe(true);
});

test("what is shown moves by its own width and stops at the ends", () => {
  const zoom = new Zoom(1_000, { fromNs: 100, toNs: 200 });
  zoom.pan(0.5);
  expect(zoom.get()).toEqual({ fromNs: 150, toNs: 250 });
  zoom.pan(-9);
  expect(zoom.get()).toEqual({ fromNs: 0, toNs: 100 });
});

test("a few nanoseconds are as near as it goes; an instant trace has only its one", () => {
  const zoom = new Zoom(1_000);
  for (let turn = 0; turn < 100; turn++) zoom.by(0.5);
  expect(zoom.get().toNs - zoom.get().fromNs).toBe(10);
  const instant = new Zoom(0);
  instant.by(0.5);
  expect(instant.get()).toEqual({ fromNs: 0, toNs: 1 });
});

test("a trace that grows is still shown whole, and a stretch of it stays what it was", () => {
  const whole = new Zoom(100);
  whole.reset(300, undefined);
  expect(whole.get()).toEqual({ fromNs: 0, toNs: 300 });
  const part = new Zoom(100, { fromNs: 10, toNs: 20 });
  part.reset(300, undefined);
  expect(part.get()).toEqual({ fromNs: 10, toNs: 20 });
});

test("who shows it is told of a change, and of nothing else", () => {
  const zoom = new Zoom(1_000);
  let told = 0;
  const end = zoom.subscribe(() => told++);
  zoom.set({ fromNs: 0, toNs: 1_000 });
  expect(told).toBe(0);
  zoom.by(0.5);
  end();
  zoom.by(0.5);
  expect(told).toBe(1);
});
