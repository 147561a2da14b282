from rest_framework.response import Response
from rest_framework.views import APIView


class Orders(APIView):
    def get(self, request):
        return Response({"who": request.user.get_username()})

    def delete(self, request):
        return Response(status=204)
