/** Lets a timer or socket not keep the process alive. In a browser, a timer is a number. */
export function unref(handle: object | number): void {
  ;(handle as { readonly unref?: () => void }).unref?.()
}

/** Lets a timer or socket keep the process alive again. */
export function ref(handle: object | number): void {
  ;(handle as { readonly ref?: () => void }).ref?.()
}
