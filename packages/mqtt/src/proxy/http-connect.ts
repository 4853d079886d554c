import { request as overTcp } from 'node:http'
import { request as overTls } from 'node:https'
import type { Socket } from 'node:net'
import { proxyError, userOf } from './proxy-url.js'
import type { OpenSocket } from './tunnel-stream.js'

/** Opens a tunnel through a proxy by HTTP CONNECT [RFC 9110, 9.3.6]. */
export function httpConnect(proxy: URL): OpenSocket {
  const { protocol, hostname, port } = proxy
  const [request, defaultPort] = protocol === 'https:' ? [overTls, 443] : [overTcp, 80]
  const user = userOf(proxy)
  const token = user && Buffer.from(`${user.name}:${user.password}`).toString('base64')
  return (target, signal) =>
    new Promise((resolve, reject) => {
      const host = target.host.includes(':') ? `[${target.host}]` : target.host
      const path = `${host}:${target.port}`
      request({
        method: 'CONNECT',
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: port === '' ? defaultPort : Number(port),
        path,
        headers: { host: path, ...(token !== undefined && { 'proxy-authorization': `Basic ${token}` }) },
        agent: false,
        signal,
      })
        .on('connect', ({ statusCode = 0, statusMessage = '' }, socket: Socket, head) => {
          if (statusCode >= 200 && statusCode < 300) {
            // The proxy may have sent the first bytes of the broker together with its own response.
            if (head.length > 0) socket.unshift(head)
            resolve(socket)
            return
          }
          socket.destroy()
          reject(proxyError(proxy, target, `${statusCode} ${statusMessage}`))
        })
        .on('response', (response) => {
          response.destroy()
          reject(proxyError(proxy, target, `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`))
        })
        .on('error', reject)
        .end()
    })
}
