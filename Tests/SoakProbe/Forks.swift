import EmotionFormer
import Foundation

/// A process may fork between predictions, as servers do: no worker comes along into the child, which starts its own.
enum Forks {
    static func run(_ load: Load) throws -> Result {
        #if os(Linux)
            let count = load.count(400)
            let clips = try Clips(count: 61, for: EmotionModel(path: load.smallModel))
            let model = try EmotionModel(path: load.smallModel, options: .init(threads: 2))
            let watch = Watch(total: count)
            for round in 0..<count {
                var isEqual = try model.predict(clips.clips[round % 61]).isIdentical(to: clips.expected[round % 61])
                let child = fork()
                if child == 0 { _exit(predictAll(model, clips) ? 0 : 1) }
                if child < 0 || !hasSucceeded(child) { isEqual = false }
                watch.step(isEqual: isEqual)
                guard isEqual else { break }
            }
            return watch.result(.forks, "children of a process with workers, each predicting on 2 threads", "forks")
        #else
            return Watch(total: 1).result(.forks, "not on this system", "forks")
        #endif
    }

    #if os(Linux)
        private static func predictAll(_ model: EmotionModel, _ clips: Clips) -> Bool {
            var prediction = Prediction()
            for (clip, expected) in zip(clips.clips, clips.expected) {
                guard (try? model.predict(clip, into: &prediction)) != nil, prediction.isIdentical(to: expected) else {
                    return false
                }
            }
            return true
        }

        /// A child that waits for ever for a worker is ended after twenty seconds; its thread takes no signal but this
        /// one.
        private static func hasSucceeded(_ child: pid_t) -> Bool {
            let limit = ContinuousClock.now + .seconds(20)
            var status: Int32 = 0
            while true {
                let ended = waitpid(child, &status, WNOHANG)
                if ended == child { return status == 0 }
                if ended < 0, errno != EINTR { return false }
                if ContinuousClock.now > limit {
                    kill(child, SIGKILL)
                    _ = waitpid(child, &status, 0)
                    return false
                }
                usleep(1000)
            }
        }
    #endif
}
