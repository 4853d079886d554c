import { describe, expect, it } from 'vitest'
import type { LinkState } from '../../src/link/link.js'
import { accepted, connectorSetting, type ConnectorSetting } from './connector-setting.js'

/** Opens a connector and returns the errors of its states. */
function errorsOf({ connector }: ConnectorSetting): readonly unknown[] {
  const errors: unknown[] = []
  connector.state$.subscribe((state: LinkState) => {
    if ('error' in state) errors.push(state.error)
  })
  connector.open()
  return errors
}

describe('the error of a state of the link', () => {
  it('says that the connection closed, if the transport completes', () => {
    const setting = connectorSetting()
    const errors = errorsOf(setting)
    setting.accept()
    setting.transport.connections[0]?.subscriber.complete()
    expect(errors).toMatchObject([{ code: 'connection-lost', rawMessage: 'the connection closed' }])
  })

  it('names the maxConnectionAge that the connection reached', () => {
    const setting = connectorSetting({ maxConnectionAge: 5_000 })
    const errors = errorsOf(setting)
    setting.accept()
    setting.advance(5_000)
    setting.completeDisconnect()
    expect(errors).toMatchObject([
      {
        code: 'connection-lost',
        phase: 'after-network',
        rawMessage: 'the connection reached its maxConnectionAge of 5000 ms',
      },
    ])
  })

  it('says how to connect although the broker sent a Receive Maximum of 0', () => {
    const setting = connectorSetting({ connect: (call) => accepted(call, { receiveMaximum: 0 }) })
    expect(errorsOf(setting)).toMatchObject([
      {
        code: 'protocol',
        phase: 'after-network',
        rawMessage:
          'the broker sent a Receive Maximum of 0, a protocol error: override it with limits.receiveMaximum',
      },
    ])
    expect(setting.transport.openConnections()).toBe(0)
  })
})
