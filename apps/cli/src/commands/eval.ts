import type { Command } from "commander";
import type { CommandContext } from "./context.ts";
import { addEvalNotes } from "./eval-notes.ts";
import { addEvalRetrieval } from "./eval-retrieval.ts";

/** `eval`: how good what is found and written is. */
export function addEvalCommands(program: Command, context: CommandContext): void {
  const parent = program.command("eval").description("measure what is found and what is written");
  addEvalRetrieval(parent, context);
  addEvalNotes(parent, context);
}
