import { AntiphonError, endpoint, request, text } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { expect, it } from 'vitest'

const echo = endpoint({ topic: 'echo', request: text, response: text })

it('names the system error of a refused connection in the timeout error', async () => {
  // No program listens on port 1.
  const link = connect('mqtt://127.0.0.1:1')
  // Waits until the first attempt has failed, however slow the machine is.
  await new Promise<void>((resolve) => {
    link.state$.subscribe(({ status }) => {
      if (status === 'offline') resolve()
    })
  })
  const error = await request(link, echo, 'x', { timeout: 10 }).catch((thrown: unknown) =>
    AntiphonError.from(thrown),
  )
  expect(error).toMatchObject({
    code: 'timeout',
    awaited: 'connection',
    message: expect.stringContaining(`Last attempt: `) as string,
    cause: expect.objectContaining({
      message: expect.stringContaining('ECONNREFUSED 127.0.0.1:1') as string,
    }) as unknown,
  })
  expect((error as AntiphonError).message).toContain('ECONNREFUSED 127.0.0.1:1')
  await link.close()
})
