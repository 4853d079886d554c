import { connect } from '@antiphon/mqtt/web'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { brokerUrl } from '../broker-url.js'
import { App } from './app.js'

const root = document.querySelector('#app')
if (root === null) throw new Error('cannot start: the page has no element with the id app')
createRoot(root).render(
  <StrictMode>
    <App link={connect(brokerUrl)} />
  </StrictMode>,
)
