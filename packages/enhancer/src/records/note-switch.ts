import type { DirectStatements } from "../database/direct-statements.ts";
import type { EnhancerDatabase } from "../database/schema.ts";

const all = "all";

/** Whether notes are written at all: one row that every worker looks at before it writes. Tenants have a switch of their own. */
export class NoteSwitch {
  private readonly database: EnhancerDatabase;

  private readonly direct: DirectStatements | undefined;

  constructor(database: EnhancerDatabase, direct?: DirectStatements) {
    this.database = database;
    this.direct = direct;
  }

  /** Counts at once in all processes. */
  async set(isOn: boolean): Promise<void> {
    const row = { name: all, off: isOn ? 0 : 1, changed_at: Date.now() };
    await this.database
      .insertInto("note_switch")
      .values(row)
      .onConflict((conflict) =>
        conflict.column("name").doUpdateSet({ off: row.off, changed_at: row.changed_at }),
      )
      .execute();
  }

  async isOn(): Promise<boolean> {
    if (this.direct !== undefined)
      return this.direct.get<{ off: number }>("select off from note_switch where name = ?", all)?.off !== 1;
    const row = await this.database
      .selectFrom("note_switch")
      .select("off")
      .where("name", "=", all)
      .executeTakeFirst();
    return row?.off !== 1;
  }
}
