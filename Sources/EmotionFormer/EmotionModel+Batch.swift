import EmotionFormerTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EmotionModel {
    /// The emotions of many clips, spread over the processor's cores; in the clips' order, and to the bit what
    /// `predict(_:)` gives for each.
    /// - Parameters:
    ///   - clips: any number of clips.
    ///   - concurrency: how many are computed at once; by default the cores divided by `options.threads`.
    /// - Throws: the error of the first clip that failed, with its index; `cancelled` if the task is cancelled.
    public func predict(
        _ clips: [LandmarkClip], concurrency: Int? = nil
    ) async throws(EmotionFormerError) -> [Prediction] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let width = max(1, concurrency ?? cores / options.threads)
        return try await withTaskGroup(
            of: (index: Int, result: Result<Prediction, Fault>).self
        ) { group in
            var next = 0
            func start() {
                guard next < clips.count, !Task.isCancelled else { return }
                let index = next
                next += 1
                group.addTask { (index, self.result(of: clips[index])) }
            }
            for _ in 0..<min(width, clips.count) { start() }
            var predictions = [Prediction?](repeating: nil, count: clips.count)
            var failure: (index: Int, fault: Fault)?
            while let (index, result) = await group.next() {
                switch result {
                case .success(let prediction): predictions[index] = prediction
                case .failure(let fault):
                    // Earlier clips are under way or done, so the first failure of all is known in the end.
                    if index < failure?.index ?? .max { failure = (index, fault) }
                }
                if failure == nil { start() }
            }
            return Result<[Prediction], EmotionFormerError> { () throws(EmotionFormerError) in
                if let failure { throw EmotionFormerError(failure.fault.within("clip \(failure.index)")) }
                let complete = predictions.compactMap { $0 }
                guard complete.count == clips.count else {
                    throw EmotionFormerError(Fault(.cancelled, at: "prediction", "the task was cancelled"))
                }
                return complete
            }
        }.get()
    }

    private func result(of clip: LandmarkClip) -> Result<Prediction, Fault> {
        if Task.isCancelled {
            return .failure(Fault(.cancelled, at: "prediction", "the task was cancelled"))
        }
        return Result { () throws(Fault) in try prediction(of: clip) }
    }
}
