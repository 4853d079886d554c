/** The broker that a tunnel leads to. */
export interface TunnelTarget {
  readonly host: string
  readonly port: number
}

/**
 * Opens a stream to a broker in place of a plain socket: returns a Node `Duplex` at once, while the connection may still
 * be opening. `throughProxy` of `@antiphon/mqtt/proxy` creates a tunnel.
 */
export type Tunnel = (target: TunnelTarget) => object
