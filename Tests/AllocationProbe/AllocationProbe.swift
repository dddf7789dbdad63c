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
        // A clip of a fifth of the frames may have a plan of its own.
        let clips = try [model.input.frames, max(1, model.input.frames / 5)].map { frames in
            try LandmarkClip(
                features: (0..<frames * model.input.features).map { Float($0 * 7919 % 1000) / 500 - 1 },
                frameCount: frames, featureCount: model.input.features)
        }
        var prediction = Prediction()
        for clip in clips { try model.predict(clip, into: &prediction) }
        let isControl = arguments.dropFirst(4).first == "control"
        for index in 0..<count {
            let clip = clips[index % 2]
            if isControl {
                prediction = try model.predict(clip)
            } else {
                try model.predict(clip, into: &prediction)
            }
        }
        print(prediction.label)
    }
}
