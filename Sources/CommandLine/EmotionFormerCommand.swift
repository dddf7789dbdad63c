import ArgumentParser
import EmotionFormerKernels

/// The command line's root: `emotionformer SUBCOMMAND …`.
@main
struct EmotionFormerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emotionformer",
        abstract: "Predicts emotions from clips of face landmarks with sequence transformers.",
        discussion: """
            Clips are videos and pictures, whose face landmarks are found first, or files of MediaPipe face landmarks or raw \
            features: .npy, .npz, .csv or .jsonl. Models are package \
            folders with a manifest.json, or TensorFlow Lite files. Results go to standard output, everything else to standard error.

            EXAMPLES:
              emotionformer predict clip.npy
              emotionformer predict --model Weights/demo --json clips/*.npz > all.jsonl
              emotionformer evaluate dataset --report page.html
              emotionformer predict interview.mp4
              emotionformer stream --camera 0
              emotionformer landmarks video.mp4 -o clips
              emotionformer inspect Weights/demo
              emotionformer verify --nodes Weights/demo
              emotionformer convert model.tflite --assets assets -o MyModel
              emotionformer run model.tflite --input clips.npy -o result

            EXIT CODES:
              0   success; also if the reader of standard output closes it early (| head), except for verify
              1   a file, a model or a clip is at fault, as standard error says
              2   verify: the model has no self-test
              3   verify: the model does not compute what its self-test says
              64  the command line is at fault
            """,
        version: EmotionFormerVersion.current,
        subcommands: [
            PredictCommand.self, StreamCommand.self, LandmarksCommand.self, EvaluateCommand.self, InspectCommand.self,
            VerifyCommand.self,
            ConvertCommand.self, RunCommand.self, BenchmarkCommand.self, TraceCommand.self,
        ])

    static func main() {
        Interruption.removeUnfinished()
        StandardOutput.ignoreBrokenPipes()
        BLASThreads.useCallerOnly()
        do {
            var command = try parseAsRoot()
            if let asynchronous = command as? any AsyncParsableCommand {
                nonisolated(unsafe) var asynchronous = asynchronous
                try Blocking.run { try await asynchronous.run() }
            } else {
                try command.run()
            }
            try StandardOutput.flush()
        } catch {
            Failure.exit(with: error)
        }
    }
}
