/** What the pages say, in English. Other languages have the same entries. */

/** What went wrong, what to do, and where the error's place in the reference tells how, what its link says. */
export type Sentence = readonly [what: string, todo: string, how?: string];

export interface Texts {
  /** BCP 47. */
  readonly tag: string;
  /** The language's own name. */
  readonly name: string;
  readonly frame: Record<"home" | "pages" | "playground" | "account" | "api", string>;
  readonly key: Record<"label" | "use" | "hint" | "remember" | "keptHere" | "keptInTab" | "forget", string>;
  readonly image: Record<
    | "heading"
    | "lead"
    | "drop"
    | "dropHint"
    | "samples"
    | "replace"
    | "remove"
    | "base"
    | "baseHint"
    | "invisible",
    string
  > & {
    readonly sample: Record<
      "star" | "three" | "hearts",
      { readonly name: string; readonly question: string }
    >;
    readonly stage: (columns: number, rows: number) => string;
    readonly fit: (from: string, to: string) => string;
    readonly bordersBeside: (left: number, right: number) => string;
    readonly bordersAbove: (top: number, bottom: number) => string;
    readonly noBorder: string;
    readonly lowStage: string;
  };
  readonly receipt: Record<
    | "heading"
    | "lead"
    | "empty"
    | "base"
    | "grid"
    | "newline"
    | "text"
    | "prompt"
    | "answer"
    | "cost"
    | "atMost"
    | "needsKey"
    | "counting"
    | "tokens",
    string
  > & { readonly credits: (amount: string) => string };
  readonly ask: Record<
    | "model"
    | "against"
    | "compare"
    | "alone"
    | "cold"
    | "tiny"
    | "question"
    | "placeholder"
    | "followUp"
    | "ask"
    | "stop"
    | "keys"
    | "options"
    | "maxTokens"
    | "temperature"
    | "low"
    | "uploading"
    | "waiting"
    | "stopped"
    | "cached"
    | "cut"
    | "again"
    | "edit"
    | "startOver"
    | "you"
    | "equal"
    | "unequal",
    string
  > & {
    /** Forms of question that tessera-tiny was trained on, which fit any image of its world. */
    readonly tinyQuestions: readonly string[];
    readonly queued: (position: number, seconds: number) => string;
    readonly first: (time: string) => string;
    readonly speed: (perSecond: string) => string;
    readonly tokens: (prompt: string, answer: string) => string;
    readonly charged: (credits: string, atMost: string) => string;
    readonly answered: (model: string, text: string) => string;
  };
  readonly snippet: Record<
    "heading" | "copy" | "copied" | "link" | "linkCopied" | "notCopied" | "lead",
    string
  >;
  readonly account: AccountTexts;
  /** Leads to an error code's place in the reference. */
  readonly meaningOf: (code: string) => string;
  readonly otherFailure: Sentence;
  readonly failures: Readonly<Record<string, Sentence>>;
}

export type AccountTexts = Record<
  | "heading"
  | "lead"
  | "loading"
  | "reload"
  | "more"
  | "usage"
  | "measure"
  | "range"
  | "unused"
  | "unusedLink"
  | "figures"
  | "day"
  | "model"
  | "keys"
  | "name"
  | "scopes"
  | "used"
  | "inTotal"
  | "thisMonth"
  | "today"
  | "lastUsed"
  | "expires"
  | "expiresAfter"
  | "never"
  | "thisKey"
  | "revoke"
  | "revokeForGood"
  | "revokesItself"
  | "keep"
  | "newKey"
  | "noBudget"
  | "budgetForm"
  | "make"
  | "shownOnce"
  | "kept"
  | "receipts"
  | "receiptsHint"
  | "noReceipts"
  | "when"
  | "status"
  | "fromCache"
  | "jobs"
  | "jobId"
  | "look"
  | "cancel"
  | "everyStatus"
  | "noJobs"
  | "noSuchJobs"
  | "ownKey"
  | "left"
  | "models"
  | "allModels"
  | "noneIsAll"
  | "change"
  | "save"
  | "leave"
  | "rotate"
  | "rotateHint"
  | "overlap"
  | "webhooks"
  | "endpoint"
  | "low"
  | "eventsGo"
  | "eventsGoNowhere"
  | "sendNowhere"
  | "signedWith"
  | "deliveries"
  | "noDeliveries"
  | "event"
  | "attempts"
  | "redeliver",
  string
> & {
  readonly measures: Record<"cost" | "requests" | "tokens", string>;
  readonly budgets: Record<"total" | "month" | "day", string>;
  readonly allows: Record<"infer" | "jobs" | "usage:read" | "keys:write" | "webhooks:write", string>;
  readonly statuses: Record<"queued" | "running" | "succeeded" | "failed" | "canceled" | "expired", string>;
  readonly deliveryStatus: Record<"pending" | "delivered" | "given_up", string>;
  readonly overlaps: Record<0 | 3600 | 86_400 | 604_800, string>;
  readonly needsScope: (scope: string) => string;
  readonly held: (credits: string) => string;
  readonly changeNamed: (name: string) => string;
  readonly rotateNamed: (name: string) => string;
  readonly nextAttempt: (time: string) => string;
  readonly redeliverNamed: (event: string, about: string) => string;
  readonly days: (days: number) => string;
  readonly total: (requests: string, credits: string) => string;
  readonly ofBudget: (label: string, spent: string, limit: string) => string;
  readonly revokeNamed: (name: string) => string;
  readonly made: (name: string) => string;
  readonly copyReceipt: (sequence: number) => string;
  readonly attempt: (attempt: number) => string;
};

export const en: Texts = {
  tag: "en",
  name: "English",
  frame: {
    home: "Tessera, start page",
    pages: "Pages",
    playground: "Playground",
    account: "Account",
    api: "API",
  },
  key: {
    label: "API key",
    use: "Use",
    hint: "npm start prints one. It goes to this server alone and is forgotten with the tab.",
    remember: "Keep it in this browser",
    keptHere: "kept in this browser",
    keptInTab: "until this tab is closed",
    forget: "Forget",
  },
  image: {
    heading: "Ask about a picture",
    lead: "See how the model sees it, and what it costs, before anything is spent.",
    drop: "Drop a picture here",
    dropHint: "or paste one, or click to choose a file. JPEG, PNG, WebP or GIF.",
    samples: "Or begin with one of these",
    replace: "Another picture",
    remove: "Remove",
    base: "Base view",
    baseHint: "the whole picture, squashed into one tile",
    invisible: "This browser can't show the picture. The server may still read it: ask, and see.",
    sample: {
      star: { name: "A star", question: "What color is the star?" },
      three: { name: "Three shapes", question: "Is the ring left or right of the square?" },
      hearts: { name: "Hearts", question: "How many hearts are there?" },
    },
    stage: (columns, rows) => `The picture, cut into ${columns} × ${rows} tiles`,
    fit: (from, to) => `${from} pixels become ${to},`,
    bordersBeside: (left, right) => `with borders of ${left} left and ${right} right.`,
    bordersAbove: (top, bottom) => `with borders of ${top} above and ${bottom} below.`,
    noBorder: "without a border.",
    lowStage: "The picture; only its base view is sent",
  },
  receipt: {
    heading: "Receipt",
    lead: "counted before anything is spent",
    empty: "Choose a picture or type a question, and its tokens are counted here.",
    base: "Base view",
    grid: "Tiles",
    newline: "Row ends",
    text: "Text",
    prompt: "Prompt",
    answer: "Answer, at most",
    cost: "Cost, at most",
    atMost: "at most",
    needsKey: "Text and cost are counted by the server: give your key above.",
    counting: "Counting…",
    tokens: "tokens",
    credits: (amount) => `${amount} credits`,
  },
  ask: {
    model: "Model",
    against: "Compare with",
    compare: "Compare two models",
    alone: "One model",
    cold: "no GPU worker",
    tiny: "tessera-tiny knows drawn shapes and bar charts only, and wording matters. For instance:",
    tinyQuestions: [
      "What is in the picture?",
      "How many shapes are there?",
      "Which shape is the largest?",
      "What is the background color?",
      "Which bar is the highest?",
    ],
    question: "Question",
    placeholder: "What would you like to know?",
    followUp: "Ask on about the same picture",
    ask: "Ask",
    stop: "Stop",
    keys: "Enter asks, Shift+Enter begins a line.",
    options: "Options",
    maxTokens: "Answer tokens, at most",
    temperature: "Temperature",
    low: "Base view only (detail: low)",
    uploading: "Sending the picture, once…",
    waiting: "Asking…",
    stopped: "Stopped.",
    cached: "from the cache",
    cut: "The answer was cut at its limit.",
    again: "Try again",
    edit: "Edit the question",
    startOver: "New conversation",
    you: "You",
    equal: "equals the receipt",
    unequal: "differs from the receipt",
    queued: (position, seconds) => `Number ${position} in line, about ${seconds} s…`,
    first: (time) => `first token after ${time}`,
    speed: (perSecond) => `${perSecond} tokens/s`,
    tokens: (prompt, answer) => `${prompt} + ${answer} tokens`,
    charged: (charged, atMost) => `${charged} of at most ${atMost} credits`,
    answered: (model, text) => `${model} answers: ${text}`,
  },
  snippet: {
    heading: "The same from your code",
    lead: "Your key stays out of it: it is read from TESSERA_API_KEY.",
    copy: "Copy",
    copied: "Copied.",
    link: "Copy a link to this question",
    linkCopied: "Link copied. It holds no key.",
    notCopied: "The browser did not allow it: select the text and copy it by hand.",
  },
  account: {
    heading: "Account",
    lead: "What this key may see: each part needs its scope.",
    loading: "Loading…",
    reload: "Load again",
    more: "Show more",
    usage: "Usage",
    measure: "Measure",
    range: "Range",
    unused: "No request has ended in this time.",
    unusedLink: "Ask about a picture",
    figures: "The figures as a table",
    day: "Day (UTC)",
    model: "Model",
    keys: "Keys",
    name: "Name",
    scopes: "Scopes",
    used: "Credits used",
    inTotal: "in total",
    thisMonth: "this month",
    today: "today",
    lastUsed: "Last used",
    expires: "Expires",
    expiresAfter: "Last day (empty: no end)",
    never: "never",
    thisKey: "in use here",
    revoke: "Revoke",
    revokeForGood: "Revoke for good",
    revokesItself: "This page uses this key: it will need another.",
    keep: "Keep it",
    newKey: "Make a key",
    noBudget: "no limit",
    budgetForm: "An amount like 2.5, with at most six digits after the point",
    make: "Make the key",
    shownOnce: "It is shown only now: copy it to where it is needed.",
    kept: "I have copied it",
    receipts: "Receipts",
    receiptsHint:
      "Each is signed and follows from the one before: npx tessera verify checks a copied one. Times in UTC.",
    noReceipts: "There are none yet: each request that ends leaves one.",
    when: "When",
    status: "Status",
    fromCache: "from the cache",
    jobs: "Jobs",
    jobId: "A job's id",
    look: "Look it up",
    cancel: "Cancel the job",
    everyStatus: "Every status",
    noJobs:
      "There are none. A request with Prefer: respond-async or an Idempotency-Key is one, until a day after its end.",
    noSuchJobs: "No job stands so.",
    ownKey: "This key",
    left: "Credits left in the account",
    models: "Models",
    allModels: "all",
    noneIsAll: "(none chosen: all)",
    change: "Change",
    save: "Save",
    leave: "Leave it as it is",
    rotate: "Rotate",
    rotateHint:
      "The key gets a new text, which is shown once. Its name, scopes, budgets and what it has used stay.",
    overlap: "Its present text goes on working",
    webhooks: "Webhooks",
    endpoint: "Address",
    low: "Tell when fewer credits are left than",
    eventsGo:
      "The account's own events go to this address, signed. A job's event goes where its request said.",
    eventsGoNowhere:
      "The account's own events go nowhere yet. Give an address, and it is told when credits run low.",
    sendNowhere: "Send them nowhere",
    signedWith:
      "Events are signed with the account's secret (whsec_…). No key can read it: npm start writes it to .tessera/dev.json, and an operator gives it out with the account.",
    deliveries: "Events",
    noDeliveries: "There are none: a job with a webhook sends one at its end. They are listed for a day.",
    event: "Event",
    attempts: "Attempts",
    redeliver: "Send again",
    measures: { cost: "Credits", requests: "Requests", tokens: "Tokens" },
    budgets: { total: "Credits in all", month: "Credits a month", day: "Credits a day" },
    allows: {
      infer: "ask questions",
      jobs: "read jobs and their results",
      "usage:read": "see usage and receipts",
      "keys:write": "make and revoke keys",
      "webhooks:write": "manage webhooks",
    },
    statuses: {
      queued: "In line",
      running: "Running",
      succeeded: "Succeeded",
      failed: "Failed",
      canceled: "Canceled",
      expired: "Expired",
    },
    deliveryStatus: { pending: "Waiting", delivered: "Delivered", given_up: "Given up" },
    overlaps: { 0: "no longer", 3600: "for an hour", 86400: "for a day", 604800: "for a week" },
    needsScope: (scope) =>
      `This key does not have the scope ${scope}, which this part needs. Use another key, or have one made with it.`,
    held: (credits) => `and ${credits} held for requests under way`,
    changeNamed: (name) => `Change ${name}`,
    rotateNamed: (name) => `Rotate ${name}`,
    nextAttempt: (time) => `next ${time}`,
    redeliverNamed: (event, about) => `Send again: ${event} of ${about}`,
    days: (days) => `${days} days`,
    total: (requests, credits) => `${requests} requests, ${credits} credits`,
    ofBudget: (label, spent, limit) => `${label} ${spent} of ${limit}`,
    revokeNamed: (name) => `Revoke ${name}`,
    made: (name) => `The key "${name}" has this text.`,
    copyReceipt: (sequence) => `Copy receipt ${sequence}`,
    attempt: (attempt) => `attempt ${attempt}`,
  },
  meaningOf: (code) => `${code}: what it means (opens in a new tab)`,
  otherFailure: ["That did not work.", "The server says:"],
  failures: {
    missing_api_key: ["An API key is needed.", "Paste one above; npm start prints it."],
    invalid_api_key: [
      "The server does not know this key.",
      "It may be mistyped, revoked, or of another server. Paste it again, or use another.",
    ],
    api_key_expired: ["This key's time is over.", "Make another on the account page, or use another key."],
    insufficient_scope: [
      "This key may not do that.",
      "Use a key with the scope, or make one on the account page.",
    ],
    insufficient_credit: [
      "The balance does not cover what this may cost at most.",
      "Lower the answer tokens under Options, or ask the operator to add credit. Nothing was charged.",
    ],
    rate_limit_exceeded: ["Too many requests in this minute.", "Wait a little, then try again."],
    concurrency_limit_exceeded: ["Too many requests at once.", "Wait until one has ended, then try again."],
    exceeds_own_key: [
      "A key can't give more than it has itself, nor manage a key that it did not make.",
      "Ask for less, or use the account's first key.",
    ],
    model_not_allowed: ["This key may not ask this model.", "Choose another model, or use another key."],
    account_suspended: ["The account is suspended.", "Ask whoever runs this service."],
    budget_exceeded: [
      "The key's budget does not cover what this may cost at most.",
      "Lower the answer tokens under Options, or raise the budget. Nothing was charged.",
    ],
    key_not_found: ["There is no such key any more.", "Load the page again."],
    receipt_not_found: ["There is no such receipt.", "Load the receipts again."],
    delivery_not_found: ["There is no such event any more.", "Events are kept for a day: load them again."],
    url_invalid: ["That is no address of the web.", "Give one like https://example.com/events."],
    url_not_public: [
      "Events can't go to that address.",
      "Give one that begins with https:// and that anybody can reach.",
    ],
    job_not_found: ["The account has no such job.", "Check the id; finished jobs are kept for a day."],
    no_worker: [
      "This model is cold: no GPU worker serves it.",
      "Ask tessera-tiny, start the 34B model with REPLICATE_API_TOKEN=… npm start, or attach a GPU worker. Nothing was charged.",
      "How a model gets a worker",
    ],
    deadline_exceeded: ["The answer did not come in time.", "Try again; a shorter answer comes sooner."],
    engine_failed: ["The model could not go on.", "Try again. Nothing was charged."],
    worker_lost: ["The GPU worker was lost while it answered.", "Try again. Nothing was charged."],
    empty_output: [
      "The model ended without a word.",
      "Ask otherwise, or raise the temperature under Options. Nothing was charged.",
    ],
    endless_repetition: [
      "The model began to repeat itself without end.",
      "Ask otherwise, or raise the temperature under Options. Nothing was charged.",
    ],
    attempts_exhausted: [
      "The job was tried several times and never came to its end.",
      "Send it again later.",
    ],
    invalid_value: ["Something in the request can't be so.", "Mend what the server names:"],
    key_revoked: ["The key is revoked, for good.", "Make another."],
    too_many_keys: ["There are as many keys as there may be.", "Revoke one that nobody needs."],
    internal_error: [
      "Something went wrong in the server.",
      "Try again; if it stays, report the request's id.",
    ],
    context_length_exceeded: [
      "The conversation does not fit the model.",
      "Begin a new conversation, lower the answer tokens, or send the base view only (Options).",
    ],
    text_too_long: ["The text is too long.", "Shorten the question, or begin a new conversation."],
    too_many_images: ["That is more pictures than the model takes.", "Begin a new conversation."],
    body_too_large: ["That is more than one request may carry.", "Use a smaller picture."],
    image_format_unsupported: [
      "This kind of picture can't be read.",
      "Save it as JPEG, PNG, WebP or GIF, then drop it again.",
    ],
    image_too_many_bytes: [
      "The picture's file is too large.",
      "Save it smaller: no model sees more than 1,008 pixels a side.",
    ],
    image_too_many_pixels: [
      "The picture has too many pixels.",
      "Make it smaller: no model sees more than 1,008 a side.",
    ],
    image_dimensions_invalid: ["The file says a size that no picture has.", "Save the picture anew."],
    image_truncated: [
      "The file ends before its picture does.",
      "It may not have been copied whole: copy or save it again.",
    ],
    image_corrupt: ["The file is damaged.", "Save the picture anew."],
    image_feature_unsupported: [
      "The file uses something that can't be read exactly.",
      "Convert it as the server says:",
    ],
    image_empty: ["The file is empty.", "Choose another."],
    image_not_found: ["The server does not keep this picture.", "Drop it here again."],
    image_digest_mismatch: ["The picture changed while it was sent.", "Drop it here again."],
    model_not_found: ["There is no such model.", "Choose another."],
    unreachable: [
      "The server can't be reached.",
      "Is it running, and are you online? What you typed and dropped is still here: try again.",
    ],
    cut_off: [
      "The connection was lost in the middle of the answer.",
      "What had come is kept above; no more than that was charged. Try again when you are back online.",
    ],
    unexpected_answer: [
      "The server answered something that this page does not understand.",
      "Load the page again.",
    ],
  },
};
