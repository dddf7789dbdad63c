import ArgumentParser
import EmotionFormer
import EmotionFormerKernels

/// `emotionformer benchmark --model MODEL`
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure how fast a model runs on this processor.",
        discussion: """
            Predictions of one clip of random features, repeated for some seconds after a warm-up. With --batch the clips \
            of a batch are predicted by --threads threads, one clip per thread. The processor's peak is measured in turn \
            with the predictions: multiplications and additions in registers only, with the same instruction set. \
            --kernels times every kernel at this model's shapes, with every instruction set that this machine has, beside \
            its matrix products by BLAS and at the peak. All are measured in turns, under the same conditions.

            EXAMPLES:
              emotionformer benchmark --model Weights/demo
              emotionformer benchmark --model Weights/demo --threads 2 --json
              emotionformer benchmark --model Weights/demo --profile
              emotionformer benchmark --model Weights/demo --kernels
              echo 20 | emotionformer benchmark --model Weights/demo --interactive
            """)

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The model: a package folder or a .tflite file.", valueName: "model"))
    var model: String?

    @Option(help: "Frames of the clip; by default as many as the model takes.")
    var frames: Int?

    @Option(help: "Threads to compute with.")
    var threads = 1

    @Option(help: "Clips that are predicted together.")
    var batch = 1

    @Option(help: "Seconds to measure for.")
    var seconds = 3.0

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Flag(help: "Also print the time of every step of the plan.")
    var profile = false

    @Flag(
        help: """
            Also time every kernel of the model at its shapes, with every instruction set of this machine, beside BLAS and \
            the processor's peak.
            """)
    var kernels = false

    @Flag(
        help: """
            For each line of standard input, a count, run that many timed predictions and print their times as one JSON \
            line.
            """)
    var interactive = false

    @OptionGroup var shape: ShapeOptions

    @OptionGroup var signature: SignatureOption

    @OptionGroup var limitOptions: LimitOptions

    func validate() throws {
        try check(threads, "--threads", 1...1024)
        try check(batch, "--batch", 1...65536)
        if let frames { try check(frames, "--frames", 1...1_000_000) }
        if signature.name != nil, model == nil { throw ValidationError("--signature needs --model") }
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds is out of range (found \(seconds), expected 0 to 3600)")
        }
    }

    private func check(_ value: Int, _ name: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError(
                "\(name) is out of range (found \(value), expected \(range.lowerBound) to \(range.upperBound))")
        }
    }

    /// A model of clips by `frames`, any other by the shapes of its inputs.
    private func subject(of model: LoadedModel) throws -> BenchmarkSubject {
        switch model {
        case .clips(let model):
            guard shape.settings.isEmpty else {
                throw Failure("--shape is not for a model of clips, whose length is --frames")
            }
            return BenchmarkSubject(
                try model.plan(frames: frames), name: model.name, frames: frames ?? model.input.frames,
                threads: threads, batch: batch)
        case .tensors(let model):
            guard frames == nil else {
                throw Failure("--frames is not for a model of other inputs than a clip, whose shapes are --shape")
            }
            return BenchmarkSubject(
                try model.plan(shapes: shape.shapes(inputs: model.inputs.map(\.name))), name: model.name, frames: 1,
                threads: threads, batch: batch)
        }
    }

    /// The same model at each other level of this machine, on one thread.
    private func otherLevels(_ path: String, than level: InstructionSet) throws -> [BenchmarkSubject] {
        try EmotionModel.InstructionSet.available.filter { $0.rawValue != level.rawValue }.map { other in
            let options = EmotionModel.Options(threads: 1, instructionSet: other, limits: limitOptions.limits)
            let subject = try subject(of: LoadedModel(path: path, signature: signature.name, options: options))
            return BenchmarkSubject(subject.plan, name: subject.name, frames: subject.frames, threads: 1, batch: 1)
        }
    }

    func run() throws {
        let start = ContinuousClock.now
        let path = try ModelOptions.path(model)
        // Each clip of a batch runs on one thread.
        let options = EmotionModel.Options(threads: batch > 1 ? 1 : threads, limits: limitOptions.limits)
        let subject = try subject(of: LoadedModel(path: path, signature: signature.name, options: options))
        try subject.runOnce()
        let load = ContinuousClock.now - start
        if interactive {
            try BenchmarkConversation(subject: subject).run()
            return
        }
        let peak = BenchmarkPeak(subject.plan.options.instructionSet, threads: threads)
        let samples = try subject.measure(seconds: seconds, peak)
        let memory = ProcessFacts.peakResidentBytes
        let report = BenchmarkReport(
            samples: samples, peak: peak, load: load, peakResidentBytes: memory, subject: subject,
            steps: profile ? try subject.profile(seconds: seconds) : [],
            kernels: kernels
                ? try BenchmarkKernels.measure(
                    subject, others: try otherLevels(path, than: subject.plan.options.instructionSet), seconds: seconds)
                : nil)
        if json {
            try StandardOutput.write(report.json)
        } else {
            for line in report.lines { try StandardOutput.writeLine(line) }
        }
    }
}
