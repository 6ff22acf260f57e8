/* SPDX-License-Identifier: MIT */
/* The table of verbs. */
#include "app/app.h"

static const char *const run_options[] = {"camera",      "input",  "output",    "record", "hash",    "face",      "profile",
                                          "frames",      "size",   "rate",      "mirror", "rotate",  "fit",       "output-size",
                                          "output-rate", "pixels", "always-on", "stats",  "metrics", "log-level", "tune",
                                          "device",      "models", "verbose",   "help",   NULL};
static const char *const demo_options[] = {"output", "face",   "profile", "frames", "size", "tune",
                                           "device", "models", "verbose", "help",   NULL};
static const char *const doctor_options[] = {"models", "json", "log-level", "verbose", "help", NULL};
static const char *const models_options[] = {"models", "json", "log-level", "verbose", "help", NULL};
static const char *const report_options[] = {"output", "profile", "models", "json", "log-level", "verbose", "help", NULL};
static const char *const ctl_options[] = {"session", "json", "log-level", "verbose", "help", NULL};
static const char *const top_options[] = {"session", "log-level", "verbose", "help", NULL};
static const char *const devices_options[] = {"json", "verbose", "help", NULL};
static const char *const faces_options[] = {"seed", "name", "output", "models", "json", "verbose", "help", NULL};
static const char *const model_options[] = {"input", "output", "seed",   "after",   "runs", "budget", "variant",
                                            "half",  "json",   "device", "verbose", "help", NULL};

/* Only a build for tests enrols from anything but a live camera. */
#ifdef BAUTA_TEST_ENROLL_FROM_FILE
#define ENROLL_INPUT "input",
#else
#define ENROLL_INPUT
#endif
static const char *const enroll_options[] = {"camera", ENROLL_INPUT "size", "rate", "device",
                                             "models", "verbose",           "help", NULL};
static const char *const consent_options[] = {"output", "months", "json", "verbose", "help", NULL};
static const char *const vault_options[] = {"keyring", "verbose", "help", NULL};
static const char *const identity_options[] = {"to", "until", "uses", "purpose", "output", "verbose", "help", NULL};
static const char *const policy_options[] = {"json", "verbose", "help", NULL};
static const char *const verify_options[] = {"manifest", "key", "json", "verbose", "help", NULL};
static const char *const review_options[] = {"json", "verbose", "help", NULL};
static const char *const audit_options[] = {"output", "json", "verbose", "help", NULL};

static const char *const evaluate_options[] = {"synthetic", "pairs",   "fmr",    "seed",   "face",    "size", "frames", "json",
                                               "output",    "profile", "device", "models", "verbose", "help", NULL};

const struct bt_app_verb bt_app_verbs[] = {
    {"run", NULL, "wear a mask: from a camera or a file to a virtual camera or a file",
     "Asks for your consent at the terminal before the camera is opened. Every frame that leaves\n"
     "carries the label; when your face cannot be masked a still card is shown instead.\n"
     "At least one of --output, --record and --hash is needed. Ctrl-C ends the session. Where only\n"
     "a virtual camera is written to, and v4l2loopback is 0.13 or newer, the camera sleeps while\n"
     "nobody watches.",
     run_options, bt_app_run},
    {"demo", NULL, "mask the built-in public-domain footage and write a clip, a picture and figures",
     "Writes demo.mkv, demo.png and demo.json to the folder named with --output (default: demo).\n"
     "No camera is opened, and the mask belongs to nobody, so nothing is asked.",
     demo_options, bt_app_demo},
    {"ctl", "status|pause|resume|face|approve|stop [NAME]", "see and steer the session that runs: for hotkeys and scripts",
     "ctl status     how it does; --json for programs\n"
     "ctl pause      gives the camera back and shows the card \"Paused\"\n"
     "ctl resume     the other way\n"
     "ctl face NAME  changes to another mask that belongs to nobody, with a card between\n"
     "ctl approve    goes on where the wearer has to decide, e.g. once a room is lit again\n"
     "ctl stop       ends it, as Ctrl-C does",
     ctl_options, bt_app_ctl},
    {"top", NULL, "watch the session that runs: frames, stages, cards, memory",
     "Draws a screen of 80x24 twice a second; q or Ctrl-C ends it. Without a terminal it prints one.", top_options, bt_app_top},
    {"doctor", NULL, "find what is wrong with this machine, and say how to mend it",
     "A checklist: virtual camera, cameras, Vulkan, networks, clock, locked memory, vault. Changes nothing, opens\n"
     "no camera. Exit code 1 when there is a fault; warnings are good to know.",
     doctor_options, bt_app_doctor},
    {"models", "list|verify", "what each network is, where it comes from, and whether it is the one that was signed",
     "models list     source, licence, what is known of the training data, what it is used for, size and digest\n"
     "models verify   reads every file and holds it against the list, which the release key signed. Exit code 1:\n"
     "                a file was changed or is missing, or the list's signature does not hold. Sessions refuse such\n"
     "                files too, before they use them.",
     models_options, bt_app_models},
    {"report", NULL, "what this installation can show of itself: a compliance page without personal data",
     "Policy in force, models, error rates, consents by pseudonym, retention, state of vault and session log, sums\n"
     "of sessions. Writes report.html and report.json to the folder named with --output (default: report);\n"
     "--json prints it, and writes only where --output says so. Asks for no passphrase and changes nothing: what\n"
     "cannot be known so is said.",
     report_options, bt_app_report},
    {"devices", NULL, "list cameras, virtual cameras and Vulkan devices, and which would be picked",
     "Opens the nodes only to ask for their names and formats; no picture is taken.", devices_options, bt_app_devices},
    {"faces", "[new|show NAME]", "list the masks that can be worn, make one, or draw one",
     "faces                 lists them\n"
     "faces new --seed N    grows a mask that belongs to nobody; the same seed gives the same bytes\n"
     "faces show NAME       draws it in the terminal, or into --output FILE.png",
     faces_options, bt_app_faces},
    {"enroll", "NAME", "make a mask of your own face, by your recorded consent",
     "Says what is done and asks for your agreement before the camera is opened; then asks you to\n"
     "turn, look and smile at random, so that nobody can do this with a photograph of you. A live\n"
     "camera only. What is kept is sealed in the vault; bauta consent withdraw destroys it.",
     enroll_options, bt_app_enroll},
    {"consent", "list|show|export|renew|withdraw|standing [ID]", "what was agreed to about enrolled faces, and taking it back",
     "consent list                     every consent and whether it holds now\n"
     "consent show ID                  its receipts; the first letters of the ID are enough\n"
     "consent export ID --output FILE  the same as JSON, with the fields of ISO/IEC TS 27560\n"
     "consent renew ID [--months N]    agree again; asks for the vault's passphrase\n"
     "consent withdraw ID              destroys the face's key; asks for nothing but a yes\n"
     "consent standing [--months N]    your own, to start sessions with nobody to ask (default 1 month)",
     consent_options, bt_app_consent},
    {"vault", "init|check|rekey|backup|restore [FILE]", "where enrolled faces lie, sealed",
     "vault init           makes an empty one; enrolling does so too. --keyring: with a random passphrase\n"
     "                     that the desktop's keyring holds\n"
     "vault check          reads and authenticates every record\n"
     "vault rekey          a new passphrase and a new key\n"
     "vault backup FILE    copies all of it, sealed as it is, into one new file\n"
     "vault restore FILE   the other way, where there is no vault yet",
     vault_options, bt_app_vault},
    {"identity", "key|export|import|withdraw [WHAT]", "lend an enrolled face to somebody, borrow one, and end that",
     "identity key                     this installation's public key: give it to who lends you a face\n"
     "identity export NAME --to KEY --until DAY --output FILE [--uses N] [--purpose P]...\n"
     "                                 your face, sealed to that key alone; asks for the passphrase and a yes\n"
     "identity import FILE             a face that was lent to you, or its owner's withdrawal\n"
     "identity withdraw ID --output FILE\n"
     "                                 ends a lending; the file is for whoever borrowed the face",
     identity_options, bt_app_identity},
    {"audit", "show|verify|export", "the session log: when a face was worn, and that it was agreed to",
     "audit show                  every line\n"
     "audit verify                was a line changed, removed, moved or cut off, and which\n"
     "audit export --output FILE  all lines with the key that checks their signatures, as JSON",
     audit_options, bt_app_audit},
    {"review", "SESSION|last", "what was flagged during a session, when, how long and why, and what was decided",
     "Reads the session log, whose lines and signatures are checked first. SESSION: the first digits of its\n"
     "number, as bauta audit show and the manifest have it.",
     review_options, bt_app_review},
    {"policy", "list|show|check [NAME|FILE]", "the labelling rules of laws and codes, and how this program meets them",
     "policy list          the profiles that there are, with status and dates\n"
     "policy show NAME     each rule in plain words, what of this program meets it, and what it cannot do\n"
     "policy check [FILE]  is a profile's file as it should be, does it ask for less than the default\n"
     "                     (which has no effect), does the label meet it; without FILE: all of them",
     policy_options, bt_app_policy},
    {"evaluate", "match|gate|liveness|swap [FOLDER|CLIP]",
     "count how often the matchers err, where tracking gives way, or what a mask does to a clip, and draw a report",
     "evaluate match FOLDER [--pairs FILE]   FOLDER/PERSON/PICTURE: people who agreed to be counted\n"
     "evaluate match --synthetic N           N people made of numbers, three pictures of each\n"
     "evaluate gate                          the built-in footage made worse in steps: where the gate must stop a frame;\n"
     "                                       also writes frames.png and fitted.h, the gate's table\n"
     "evaluate liveness [--synthetic N]      attacks on enrolment's challenge, N of each kind (300): APCER and BPCER\n"
     "evaluate swap CLIP [--face NAME]       what leaves, against what went in: whom it is alike, pose, gaze, expression,\n"
     "                                       jitter, flicker, seam, neck, bare faces (must be 0); CLIP demo: the built-in\n"
     "                                       footage, of --size; --frames N: the first N; --json: figures on standard output\n"
     "Writes report.html and report.json to the folder named with --output (default: evaluation): FMR, FNMR,\n"
     "EER, FTA, FAR and FRR of both matchers and of their fusion, by hold-out, ten folds and bootstrap. No template\n"
     "is kept, and no picture but swap's worst frames: of the built-in footage, or where you agree when asked.",
     evaluate_options, bt_app_evaluate},
    {"verify", "FILE...",
     "is bauta's invisible mark in a recording, a screenshot or a folder of them, and whose session was it",
     "Looks for the mark whatever became of the picture, and says from when to when it is there, with which\n"
     "confidence, and of which session. The session's manifest is looked for beside the file, inside of it and\n"
     "among this installation's own sessions, or named with --manifest; its signature and its times are checked.\n"
     "Where no mark is found, that proves nothing. Exit code 0: marked (of a folder, at least one picture), and\n"
     "all that was given or found fits; 1: not so.",
     verify_options, bt_app_verify},
    {"model", "run|dump|bench|first|tune FILE.onnx", "run, look into, or time any ONNX network on bauta's own engine",
     "model run FILE.onnx --output DIR [--input NAME=FILE.npy]... [--seed N]\n"
     "    runs it once; each output becomes DIR/NAME.npy. Inputs that are not given are random numbers\n"
     "    from 0 to 1 that grow from the seed: the same on every machine. An open batch is 1.\n"
     "model dump FILE.onnx --after import|graph|fuse|plan|emit\n"
     "    prints what the compiler has made of it by then. Only emit looks for a Vulkan device.\n"
     "model bench FILE.onnx [--runs N] [--json]\n"
     "    wall and CPU time a run, GPU time of each dispatch, memory, time to the first result.\n"
     "--half storage keeps maps and weights in float16, --half arithmetic multiplies in it too; a layer that\n"
     "does not fit is named and runs in float32 from then on, so that no wrong result comes out.\n"
     "model first FILE.onnx [--json]\n"
     "    how long this process takes from its start to the net's first result.\n"
     "model tune FILE.onnx [--budget SECONDS]\n"
     "    times every way that the device has of running each convolution, prints the table, and keeps\n"
     "    the fastest for all later starts, in ~/.cache/bauta.",
     model_options, bt_app_model},
};
const uint32_t bt_app_verb_count = BT_COUNT(bt_app_verbs);

int bt_app_exit_of(bt_status status) {
    switch (status) {
    case BT_OK:
    case BT_E_END:
    case BT_E_INTERRUPTED:
        return BT_EXIT_OK;
    case BT_E_ARGUMENT:
        return BT_EXIT_USAGE;
    case BT_E_CONSENT:
        return BT_EXIT_CONSENT;
    case BT_E_NOT_FOUND:
        return BT_EXIT_MISSING;
    case BT_E_BUSY:
        return BT_EXIT_BUSY;
    default:
        return BT_EXIT_FAILED;
    }
}
