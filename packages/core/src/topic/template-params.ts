/** The names between the braces of a template; any where it is not known before it runs. */
export type ParameterName<T extends string> = (string extends T ? string : NamesIn<T>) & string

/**
 * What fills a template: a text for every parameter it names. A template that is not known before it runs takes any
 * names.
 *
 * @example
 * ```ts
 * type Params = TemplateParams<'vehicles/{car}/{mobile}'> // { readonly car: string; readonly mobile: string }
 * ```
 */
export type TemplateParams<T extends string> = { readonly [Name in ParameterName<T>]: string }

/** The names between the braces of a template that is known before it runs, without the dots of `{path...}`. */
export type NamesIn<
  T extends string,
  Found extends string = never,
> = T extends `${string}{${infer Name}}${infer Rest}`
  ? NamesIn<Rest, Found | (Name extends `${infer Own}...` ? Own : Name)>
  : Found
