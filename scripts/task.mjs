// Entry of every npm script: `node scripts/task.mjs <task> [words]`. Runs on the same Node as npm; the tasks prepare
// what they need, and start everything else on Node 24.
import { main, StepFailed } from './support/run.mjs'

const tasks = [
  'setup',
  'build',
  'package',
  'test-package',
  'test-arm64',
  'release',
  'test',
  'sanitize',
  'valgrind',
  'variant',
  'demo',
  'fuzz',
  'soak',
  'bench',
  'check',
  'compile-check',
  'docs',
  'fix',
]
const [name, ...words] = process.argv.slice(2)

await main(async () => {
  if (!tasks.includes(name))
    throw new StepFailed(`no such task: ${name}. There are ${tasks.join(', ')}.`)
  const { run } = await import(`./tasks/${name}.mjs`)
  return run(words)
})
