/** The parameter names of a template; any string if the template is not a literal type. */
export type ParameterName<T extends string> = (string extends T ? string : NamesIn<T>) & string

/**
 * The values of a template: a string for each of its parameters. If the template is not a literal type, any names are
 * allowed.
 *
 * @example
 * ```ts
 * type Params = TemplateParams<'vehicles/{car}/{mobile}'> // { readonly car: string; readonly mobile: string }
 * ```
 */
export type TemplateParams<T extends string> = { readonly [Name in ParameterName<T>]: string }

/** The parameter names of a literal template, without the dots of `{path...}`. */
export type NamesIn<
  T extends string,
  Found extends string = never,
> = T extends `${string}{${infer AfterBrace}`
  ? AfterBrace extends `{${infer Rest}`
    ? NamesIn<Rest, Found>
    : AfterBrace extends `${infer Name}}${infer Rest}`
      ? NamesIn<Rest, Found | (Name extends `${infer Own}...` ? Own : Name)>
      : Found
  : Found
