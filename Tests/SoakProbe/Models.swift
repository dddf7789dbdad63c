import EmotionFormer
import Foundation

/// Models loaded, used and dropped, one after the other.
enum Models {
    static func run(_ load: Load) throws -> Result {
        let paths = load.models(atMost: 50)
        var cases: [(path: String, clip: LandmarkClip, prediction: Prediction, maps: [AttentionMap])] = []
        for path in paths {
            let model = try EmotionModel(path: path)
            let clip = try Clips(count: 1, for: model).clips[0]
            cases.append((path, clip, try model.predict(clip), try model.attention(of: clip)))
        }
        let rounds = max(10, Int(40 * load.scale))
        // A round is a step: in between, memory is that of whichever model is there.
        let watch = Watch(total: rounds)
        for round in 0..<rounds {
            var isEqual = paths.count >= 40
            for (index, entry) in cases.enumerated() {
                let model = try EmotionModel(path: entry.path, options: .init(threads: 1 + (round + index) % 2))
                if !(try model.predict(entry.clip).isIdentical(to: entry.prediction)) { isEqual = false }
                // Compiles the model once more, from its file.
                guard index % 5 == round % 5 else { continue }
                if try model.attention(of: entry.clip) != entry.maps { isEqual = false }
            }
            watch.step(isEqual: isEqual)
        }
        return watch.result(.models, "\(paths.count) models loaded, used and dropped in turn", "rounds")
    }
}
