import { request as overTcp } from 'node:http'
import { request as overTls } from 'node:https'
import type { Socket } from 'node:net'
import { refusedByProxy, userOf } from './proxy-url.js'
import type { Opening } from './tunnelled.js'

/** Asks a proxy for a tunnel by HTTP CONNECT [RFC 9110, 9.3.6]. */
export function httpConnect(proxy: URL): Opening {
  const { protocol, hostname, port } = proxy
  const [request, usualPort] = protocol === 'https:' ? [overTls, 443] : [overTcp, 80]
  const user = userOf(proxy)
  const token = user && Buffer.from(`${user.name}:${user.password}`).toString('base64')
  return (target, signal) =>
    new Promise((resolve, reject) => {
      const host = target.host.includes(':') ? `[${target.host}]` : target.host
      const path = `${host}:${target.port}`
      request({
        method: 'CONNECT',
        host: hostname.replace(/^\[(.*)\]$/, '$1'),
        port: port === '' ? usualPort : Number(port),
        path,
        headers: { host: path, ...(token !== undefined && { 'proxy-authorization': `Basic ${token}` }) },
        agent: false,
        signal,
      })
        .on('connect', ({ statusCode = 0, statusMessage = '' }, socket: Socket, head) => {
          if (statusCode >= 200 && statusCode < 300) {
            // What the broker said already stands in front of what it will say.
            if (head.length > 0) socket.unshift(head)
            resolve(socket)
            return
          }
          socket.destroy()
          reject(refusedByProxy(proxy, target, `${statusCode} ${statusMessage}`))
        })
        .on('response', (response) => {
          response.destroy()
          reject(refusedByProxy(proxy, target, `${response.statusCode ?? 0} ${response.statusMessage ?? ''}`))
        })
        .on('error', reject)
        .end()
    })
}
