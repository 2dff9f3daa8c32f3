import type { EnhancerDatabase } from "../database/schema.ts";

const all = "all";

/** Whether notes are written at all: one row that every worker looks at before it writes. Tenants have a switch of their own. */
export class NoteSwitch {
  private readonly database: EnhancerDatabase;

  constructor(database: EnhancerDatabase) {
    this.database = database;
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
    const row = await this.database
      .selectFrom("note_switch")
      .select("off")
      .where("name", "=", all)
      .executeTakeFirst();
    return row?.off !== 1;
  }
}
