// Writes the TypeScript types of a schema and of the documents in a folder: node codegen.mjs SCHEMA FOLDER OUTPUT
import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildSchema, parse, printSchema } from "graphql";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [schemaFile, folder, output] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, "utf8"));
const documents = readdirSync(folder)
  .filter((name) => name.endsWith(".graphql"))
  .map((name) => ({ location: name, document: parse(readFileSync(join(folder, name), "utf8")) }));
const config = {
  strictScalars: true,
  scalars: { Date: "string", DateTime: "string", ID: "string", JSON: "unknown", Moment: "string", PathSegment: "string | number" },
};
const text = await codegen({
  schema: parse(printSchema(schema)),
  schemaAst: schema,
  documents,
  filename: output,
  config,
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations: typescriptOperations, documents: typedDocumentNode },
});
writeFileSync(output, text);
