import EmotionFormer

/// What `Tools/test-allocations` counts the allocations of: a model is loaded, a prediction made, then some more.
///
/// Usage: EmotionFormerAllocationProbe MODEL COUNT THREADS [control]
/// With `control` each further prediction is a new value, whose arrays are allocated.
@main
struct AllocationProbe {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let count = Int(arguments[2]), let threads = Int(arguments[3]) else {
            print("usage: EmotionFormerAllocationProbe MODEL COUNT THREADS [control]")
            return
        }
        let model = try EmotionModel(path: arguments[1], options: .init(threads: threads))
        let size = model.input.frames * model.input.features
        let clip = try LandmarkClip(
            features: (0..<size).map { Float($0 * 7919 % 1000) / 500 - 1 }, frameCount: model.input.frames,
            featureCount: model.input.features)
        var prediction = Prediction()
        try model.predict(clip, into: &prediction)
        let isControl = arguments.dropFirst(4).first == "control"
        for _ in 0..<count {
            if isControl {
                prediction = try model.predict(clip)
            } else {
                try model.predict(clip, into: &prediction)
            }
        }
        print(prediction.label)
    }
}
