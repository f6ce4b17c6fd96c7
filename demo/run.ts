/**
 * `npm run demo`: real traffic through the Agent, against a server in another process; then ten seconds of undici and
 * dodici side by side. Exits with 0 only when all of it came out right.
 */
import { Agent } from '../lib/index.ts'
import { compare } from './comparison.ts'
import { heading, show, styled } from './print.ts'
import { startServerProcess } from './server-process.ts'
import { stepsOf } from './steps.ts'

const server = await startServerProcess()
let allWell = true
try {
  heading('dodici: requests through a native Agent')
  const { http, https } = server.ports
  console.log(
    `  ${styled('dim', `server process on loopback: HTTP/1.1 on port ${http}, HTTPS and HTTP/2 on port ${https}`)}\n`,
  )
  const agent = new Agent({ connect: { ca: server.ca } })
  for (const step of stepsOf(agent, server)) {
    allWell = (await show(step)) && allWell
  }
  const close = {
    name: 'agent.close()',
    protocol: '',
    run: async () => {
      await agent.close()
      return 'nothing in flight, connections closed, threads joined'
    },
  }
  allWell = (await show(close)) && allWell

  heading('undici and dodici side by side, each client in a process of its own')
  await compare(server)
  console.log(allWell ? '\nAll of it came out right.' : '\nSomething went wrong, see above.')
} catch (error) {
  allWell = false
  console.error(error)
} finally {
  server.stop()
}
process.exitCode = allWell ? 0 : 1
