import EmotionFormerCore
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EmotionModel {
    /// Predicts many clips, spread over the processor's cores. Results are in the clips' order, and equal bit for bit
    /// to those of `predict(_:)`.
    ///
    /// For a model with variables the clips follow each other in time: they are predicted one after the other, each with
    /// the variables that the one before left, and the first with those of a new ``ClipSequence``.
    /// - Parameters:
    ///   - clips: any number of clips.
    ///   - concurrency: how many clips are computed at once; by default the number of cores divided by
    ///     `options.threads`.
    /// - Throws: the error of the first clip that failed, with its index; `cancelled` if the task is cancelled.
    public func predict(
        _ clips: [LandmarkClip], concurrency: Int? = nil
    ) async throws(EmotionFormerError) -> [Prediction] {
        if hasVariables { return try await predictionsInOrder(clips) }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let width = min(max(1, concurrency ?? cores / options.threads), clips.count)
        let work = BatchWork()
        var predictions = [Prediction?](repeating: nil, count: clips.count)
        var failure: (index: Int, fault: Fault)?
        // One task for each core, which takes clip after clip: a task for each clip would cost more.
        await withTaskGroup(of: BatchShare.self) { group in
            for _ in 0..<width { group.addTask { await self.predictions(of: clips, work) } }
            for await share in group {
                for (index, prediction) in share.predictions { predictions[index] = prediction }
                // All earlier clips are computed to the end, so the first failure of all is found.
                if let other = share.failure, other.index < failure?.index ?? .max { failure = other }
            }
        }
        if let failure { throw EmotionFormerError(failure.fault.within("clip \(failure.index)")) }
        let complete = predictions.compactMap { $0 }
        guard complete.count == clips.count else {
            throw EmotionFormerError(Fault(.cancelled, at: "prediction", "the task was cancelled"))
        }
        return complete
    }

    private func predictionsInOrder(_ clips: [LandmarkClip]) async throws(EmotionFormerError) -> [Prediction] {
        var sequence = ClipSequence(self)
        var predictions: [Prediction] = []
        var turn = ContinuousClock.now
        for (index, clip) in clips.enumerated() {
            if turn.duration(to: .now) > EmotionModel.turn {
                await Task.yield()
                turn = .now
            }
            guard !Task.isCancelled else {
                throw EmotionFormerError(Fault(.cancelled, at: "prediction", "the task was cancelled"))
            }
            do throws(Fault) {
                predictions.append(try sequence.prediction(of: clip))
            } catch {
                throw EmotionFormerError(error.within("clip \(index)"))
            }
        }
        return predictions
    }

    /// A task of a batch yields to other tasks after this time, between clips.
    private static let turn = Duration.milliseconds(2)

    /// What one task of a batch computes: clip after clip, until there are no more, one fails or the task is cancelled.
    private func predictions(of clips: [LandmarkClip], _ work: BatchWork) async -> BatchShare {
        var share = BatchShare()
        var turn = ContinuousClock.now
        while !Task.isCancelled, !work.hasFailed.load(ordering: .relaxed) {
            // Tasks share one thread for each core. Other tasks must run too, among them the one that cancels this one.
            if turn.duration(to: .now) > EmotionModel.turn {
                await Task.yield()
                turn = .now
            }
            let index = work.next.add(1, ordering: .relaxed).oldValue
            guard index < clips.count else { break }
            do throws(Fault) {
                share.predictions.append((index, try prediction(of: clips[index])))
            } catch {
                share.failure = (index, error)
                work.hasFailed.store(true, ordering: .relaxed)
            }
        }
        return share
    }
}

/// The state that the tasks of a batch share.
private final class BatchWork: Sendable {
    /// The index of the next clip that no task has taken.
    let next = Atomic<Int>(0)
    let hasFailed = Atomic<Bool>(false)
}

/// The results of one task of a batch.
private struct BatchShare: Sendable {
    var predictions: [(index: Int, prediction: Prediction)] = []
    var failure: (index: Int, fault: Fault)?
}
