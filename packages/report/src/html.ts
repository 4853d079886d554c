/** Markup that is safe to insert into a page. */
export interface Html {
  readonly markup: string
}

/** A value for a template: text is escaped, markup is inserted unchanged, `undefined` inserts nothing. */
export type Insertable = string | number | Html | undefined | readonly Insertable[]

/**
 * Builds markup from a template and escapes the text in it.
 *
 * @example
 * ```ts
 * html`<p>${'a < b'}</p>`.markup // <p>a &#60; b</p>
 * ```
 */
export function html(parts: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  const inserted = values.map(toMarkup)
  return { markup: parts.map((part, index) => part + (inserted[index] ?? '')).join('') }
}

function toMarkup(value: Insertable): string {
  if (value === undefined) return ''
  if (typeof value === 'string')
    return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(toMarkup).join('')
}
