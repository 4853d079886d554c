import type { StandardSchema, StandardSchemaIssue } from '@antiphon/core'

/** A schema that returns its JSON Schema, so that a contract can describe it. */
export interface DescribedSchema<A> extends StandardSchema<A> {
  readonly '~standard': StandardSchema<A>['~standard'] & {
    readonly jsonSchema: { readonly input: () => object; readonly output: () => object }
  }
}

/**
 * Returns the schema of an object whose fields are strings, each with its only value or `undefined` for any string. The values of
 * `others` are not validated.
 *
 * Written here because `@antiphon/azure-topic-spaces/web` is for pages, where a library of schemas would weigh more than MQTT.
 */
export function textFields<A extends object>(
  fields: Readonly<Record<keyof A & string, string | undefined>>,
  others: readonly string[] = [],
): DescribedSchema<A> {
  const validate = (value: unknown): ReturnType<StandardSchema<A>['~standard']['validate']> => {
    if (typeof value !== 'object' || value === null) return { issues: [{ message: 'expected an object' }] }
    const issues: StandardSchemaIssue[] = []
    for (const [name, only] of Object.entries(fields)) {
      const found: unknown = value[name as never]
      if (typeof found !== 'string' || (only !== undefined && found !== only))
        issues.push({
          path: [name],
          message: `expected ${only === undefined ? 'a string' : JSON.stringify(only)}`,
        })
    }
    return issues.length > 0 ? { issues } : { value: value as A }
  }
  const jsonSchema = (): object => ({
    type: 'object',
    properties: Object.fromEntries([
      ...Object.entries<string | undefined>(fields).map(([name, only]) => [
        name,
        only === undefined ? { type: 'string' } : { const: only },
      ]),
      ...others.map((name) => [name, {}]),
    ]) as object,
    required: Object.keys(fields),
  })
  return {
    '~standard': {
      version: 1,
      vendor: 'antiphon',
      validate,
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  }
}
