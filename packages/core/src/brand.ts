/**
 * Marks an instance of a class so that `isBranded` recognizes it in every copy of this package. A plain `instanceof` does
 * not recognize an instance that another copy created.
 */
export function brand(instance: object, name: string): void {
  Object.defineProperty(instance, Symbol.for(name), { value: true })
}

/** Whether `brand` of any copy of this package marked the value. */
export function isBranded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Symbol.for(name) in value
}
