/**
 * Marks an instance of a class, so that `isBranded` recognizes it although it was created by another copy of this
 * package, for which `instanceof` alone is false.
 */
export function brand(instance: object, name: string): void {
  Object.defineProperty(instance, Symbol.for(name), { value: true })
}

/** Whether a value was marked by `brand`, in any copy of this package. */
export function isBranded(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Symbol.for(name) in value
}
