/** Accepts an array of origins. */
export function originsRule(origins: unknown): string | undefined {
  return Array.isArray(origins) && origins.every(isOrigin)
    ? undefined
    : 'it must be an array of origins such as https://example.org'
}

/**
 * Whether a page of this origin may connect. Only browsers send an origin, for the user's protection: a program can send
 * any origin, or none.
 */
export function isAllowedOrigin(origin: string | undefined, origins: readonly string[] | undefined): boolean {
  return origin === undefined || origins === undefined || origins.includes(origin)
}

/** Whether a text is an origin as browsers send it, also that of a page without one. */
function isOrigin(text: unknown): boolean {
  if (text === 'null') return true
  return typeof text === 'string' && URL.canParse(text) && new URL(text).origin === text
}
