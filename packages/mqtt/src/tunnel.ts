/** Where a connection is to lead. */
export interface TunnelTarget {
  readonly host: string
  readonly port: number
}

/**
 * Opens the way to a broker in place of a plain socket: gives a Node `Duplex` that is there at once and may still be
 * opening. `throughProxy` of `@antiphon/mqtt/proxy` makes one.
 */
export type Tunnel = (target: TunnelTarget) => object
