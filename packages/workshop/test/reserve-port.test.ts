import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { reservePort } from '@antiphon/workshop'
import { expect, it } from 'vitest'

const listen = async (port: number): Promise<Server> => {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

it('reserves ports that are free, outside the range that the system gives to connections', async () => {
  const { port, release } = await reservePort()
  expect(port).toBeGreaterThanOrEqual(11_000)
  expect(port).toBeLessThan(32_768)
  const server = await listen(port)
  server.close()
  release()
})

it('holds the odd port above a reserved port until the release, so that no other process reserves it', async () => {
  const { port, release } = await reservePort()
  await expect(listen(port + 1)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  release()
  const server = await listen(port + 1)
  server.close()
})

it('reserves each port once', async () => {
  const reserved = await Promise.all(Array.from({ length: 100 }, reservePort))
  expect(new Set(reserved.map(({ port }) => port)).size).toBe(100)
  for (const { release } of reserved) release()
})
