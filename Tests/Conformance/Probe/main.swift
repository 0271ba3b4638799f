/// Shows what the library computes where the tool has no command for it, so that the checks in this
/// folder can lay it beside what its peers compute. Results are JSON on standard output, or
/// safetensors in the file named.
import Foundation

let usage = """
    usage: ConformanceProbe COMMAND ARGUMENT...
      logits MODEL_DIR IDS.json OUT.safetensors      logits (t, V) of a list of ids
      gradients MODEL_DIR BATCH.json OUT.safetensors loss and mean gradients of a batch
      generate-greedy MODEL_DIR IDS.json COUNT       ids that follow, likeliest first
      beams MODEL_DIR IDS.json BEAMS PENALTY COUNT   ids that beam search finds, and their score
      train-steps MODEL_DIR STEPS.json               loss before each AdamW step
      optimize MODEL_DIR STEPS.json OUT_DIR          the model after steps with given gradients
      roundtrip MODEL_DIR OUT_DIR                    read a model and write it
      create OUT_DIR SEED MODEL                      write a new model
      encode VOCABULARY all|none|LIST                ids of texts, both behind their counts; LIST
                                                     names special tokens to recognise
      decode VOCABULARY                              bytes of the texts of lists of ids
      chat VOCABULARY                                ids of conversations, lines of JSON, and which
                                                     of them are answers
      min-hash RULE                                  signatures of texts, both as for encode
      english-words                                  words of texts, lines of JSON strings
      quality RULES                                  the rule that each of such texts breaks, or
                                                     what becomes of it; RULES have commas between
      open-safetensors PATHS.json                    why each file is refused; "" if it is not
      throughput B SECONDS THREADS MODEL PRECISION   training tokens a second on random ids
    RULE is the section "corpus.refine" of a pipeline.json: '{"minhash_bands": 9, ...}'
    MODEL is the section "model" of a pipeline.json with a vocab_size: '{"n_layer": 2, ...}'
    """

do {
    var arguments = Array(CommandLine.arguments.dropFirst())
    guard !arguments.isEmpty else { throw ProbeError(usage) }
    let command = arguments.removeFirst()
    guard let run = Probe.commands[command] else { throw ProbeError(usage) }
    guard arguments.count == run.argumentCount else { throw ProbeError(usage) }
    try run.body(arguments)
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit(1)
}
