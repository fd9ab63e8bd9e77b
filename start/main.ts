/** `npm start`: the whole product on this machine, until Ctrl-C. */
import { StartError } from "./error.ts";
import { greeting } from "./greeting.ts";
import { Home } from "./home.ts";
import { readOptions } from "./options.ts";
import { launch } from "./product.ts";
import { knowsKey, untilReady } from "./ready.ts";
import { seededAccount } from "./seed.ts";
import { onShutdown } from "./shutdown.ts";

const begun = performance.now();
const took = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
const say = (line: string) => console.log(line);

async function start(): Promise<void> {
  const options = readOptions(process.env);
  const home = new Home(options.home);
  const running = home.developer();
  if (running && (await knowsKey(running.url, running.apiKey))) {
    throw new StartError(`it already runs at ${running.url}, with the state in ${home.path}.`);
  }
  home.removeDeveloper();
  const secrets = home.secrets(options.secrets);

  const product = await launch(options, home, secrets, say);
  say(`Tessera is starting. Its state is in ${home.path}`);
  const { url, workerUrl, edge, worker } = product;
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    home.removeDeveloper();
    await product.stop();
    process.exit(code);
  };
  onShutdown(
    () => {
      say("Stopping; requests in progress may finish. Ctrl-C again ends them.");
      void stop(0);
    },
    () => product.kill(),
  );

  const becomeReady = async () => {
    await Promise.all([
      edge.listening.then(() => say(`  edge and vision take requests (${took()})`)),
      worker.ready.then(() => say(`  the model is loaded (${took()})`)),
    ]);
    await untilReady(url);
    const account = await seededAccount(url, secrets);
    if (secrets.account && secrets.account.id !== account.id) {
      say(
        `  the account ${secrets.account.id} of before does not answer to its key; ${account.id} was opened in its place`,
      );
    }
    home.saveSecrets({ ...secrets, account });
    const { apiKey, webhookSecret } = account;
    home.writeDeveloper({ url, apiKey, adminKey: secrets.adminKey, webhookSecret, workerUrl });
    say(greeting({ url, apiKey, home: home.path, took: took() }));
  };
  const failed = Promise.race([edge.failed, worker.failed]);
  try {
    await Promise.race([failed, becomeReady()]);
    await failed;
  } catch (error) {
    if (!stopping) report(error);
    await stop(1);
  }
}

function report(error: unknown): void {
  console.error(error instanceof StartError ? `Tessera: ${error.message}` : error);
}

try {
  await start();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
