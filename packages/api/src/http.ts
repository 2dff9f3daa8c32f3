function noSchemas(): never {
  throw new Error("Routes carry no JSON schema here: input is parsed by zod, in one place.");
}

/**
 * For Fastify's `schemaController`. Without it Fastify loads its schema compilers at start-up, a hundred modules, though
 * no route has a schema.
 */
export const withoutSchemaCompilers = {
  compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
};
