import { config } from "zod";

// zod compiles schemas with `new Function` where it may. The console's content security policy forbids that, and even
// trying is reported as a violation; so this is imported before anything that makes a schema.
config({ jitless: true });
