export { throughProxy } from './through-proxy.js'
export type { Tunnel, TunnelTarget } from '../tunnel.js'
