print("emotionformer")
