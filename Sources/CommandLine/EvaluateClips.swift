import EmotionFormer

/// Reads and predicts a dataset's clips, several at a time. Only those are in memory.
struct EvaluateClips: Sendable {
    /// A clip with its true label and the model's prediction.
    struct Answer: Sendable {
        let clip: String
        /// The index in its file, from 0.
        let index: Int
        let truth: String
        let prediction: Prediction
    }

    struct Outcome: Sendable {
        /// In the dataset's order.
        var answers: [Answer] = []
        /// One line for each clip file that was skipped.
        var skipped: [String] = []
    }

    let model: EmotionModel
    let dataset: EvaluationDataset
    /// The number of clips computed at once.
    let width: Int
    let skipsBad: Bool

    /// - Throws: a `Failure` for a label that the model does not have, and, unless they are skipped, for the first clip
    ///   that cannot be read or predicted.
    func run(_ progress: ProgressBar) async throws -> Outcome {
        try checkLabels()
        let entries = dataset.entries
        var results = [Result<[Answer], Failure>?](repeating: nil, count: entries.count)
        var done = 0
        var hasFailed = false
        await withTaskGroup(of: (index: Int, result: Result<[Answer], Failure>).self) { group in
            var next = 0
            func start() {
                guard next < entries.count, !hasFailed else { return }
                let index = next
                next += 1
                group.addTask { (index, answers(of: entries[index])) }
            }
            for _ in 0..<max(1, min(width, entries.count)) { start() }
            while let (index, result) = await group.next() {
                results[index] = result
                done += 1
                if case .failure(let failure) = result {
                    progress.clear()
                    if skipsBad {
                        StandardError.writeLine("emotionformer: skipped: \(failure.message)")
                    } else {
                        hasFailed = true
                    }
                }
                progress.show(done, of: entries.count)
                start()
            }
        }
        progress.clear()
        var outcome = Outcome()
        for result in results {
            switch result {
            case .success(let answers): outcome.answers += answers
            case .failure(let failure):
                guard skipsBad else { throw failure }
                outcome.skipped.append(failure.message)
            case nil: continue
            }
        }
        guard !outcome.answers.isEmpty else { throw Failure("no clip is left to evaluate") }
        return outcome
    }

    private func answers(of entry: EvaluationDataset.Entry) -> Result<[Answer], Failure> {
        do {
            // The clips of one file follow each other, for a model with variables.
            var sequence = ClipSequence(model)
            return .success(
                try ClipFile(path: entry.path, for: model.input).clips.enumerated().map { index, clip in
                    guard let stated = entry.label ?? clip.emotion else {
                        throw Failure(
                            "\(entry.name): the clip does not state its emotion (expected a column 'emotion')")
                    }
                    guard let truth = modelLabel(stated) else { throw unknownLabel(stated, in: entry.name) }
                    return Answer(
                        clip: entry.name, index: index, truth: truth, prediction: try sequence.predict(clip))
                })
        } catch let failure as Failure {
            return .failure(failure)
        } catch let error as EmotionFormerError {
            let isNamed = error.place.hasPrefix(entry.path)
            return .failure(Failure(isNamed ? error.description : "\(entry.path): \(error)"))
        } catch {
            return .failure(Failure("\(entry.path): \(error)"))
        }
    }

    /// A label that the model does not have ends the evaluation: it concerns more than one clip.
    private func checkLabels() throws {
        for entry in dataset.entries {
            if let label = entry.label, modelLabel(label) == nil { throw unknownLabel(label, in: entry.name) }
        }
    }

    /// The model's spelling of a label. Case is ignored if that gives a single match.
    private func modelLabel(_ label: String) -> String? {
        if model.labels.contains(label) { return label }
        let alike = model.labels.filter { $0.lowercased() == label.lowercased() }
        return alike.count == 1 ? alike[0] : nil
    }

    private func unknownLabel(_ label: String, in name: String) -> Failure {
        var expected = model.labels.joined(separator: ", ")
        if model.labels.first == "class0" { expected += "; a .tflite file gets its labels by --assets" }
        return Failure("\(name): the model has no such label (found \(label), expected \(expected))")
    }
}
