import { runAntiphon } from '../antiphon-program.js'

const accepted = { principal: 'bench' }

// Each check passes, and does as little as it can: the difference is what the library does for it.
await runAntiphon({
  requestOptions: { onResponse: () => undefined, expectedResponder: () => true },
  requestsOptions: { authenticate: () => accepted },
})
